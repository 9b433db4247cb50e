"""Pictures of a flow, as the canvas shows it: SVG by our own drawing, PNG and PDF made from that.

Each module has `write(flow, report, *, theme="light", scale=1) -> bytes`. They need no browser and no library of the
system; the fonts come with the product. The words in a picture are in the active language, like those on the canvas,
whose captions, colours, curves and icons are used; the same flow gives the same bytes.

A picture too large for `HELIX_LIMIT_PICTURE_PIXELS` is made smaller, which the report tells, as it tells how many
characters no shipped font can draw.
"""

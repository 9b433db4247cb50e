"""Notices: what happens in a flow and its runs is told to people and programs, and outputs go where they are to go.

`rules` keeps who wants what, `telling` makes deliveries in the transaction of what happens, `channels` are the ways
they take; deliveries themselves, their tries and their log are those of `flows.webhooks`.
"""

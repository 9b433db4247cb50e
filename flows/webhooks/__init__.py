"""Webhooks: what happens in a flow is told to programs elsewhere.

`flows.commands.webhooks` keeps who wants what, `deliveries` what is to be sent and became of it, `sender` sends. A
delivery is a row before it is sent, and waits until it was taken or a day has passed: at least once, over restarts.
"""

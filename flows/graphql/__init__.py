"""The GraphQL door: the same flows, commands and rights as REST, under the names that GraphQL clients expect.

`schema` maps names to commands and decides nothing; `cost` bounds what one request may ask for; `errors` says every
failure by its code; `view` is the call over HTTP. Subscriptions come by a socket of `sessions`, which hands the schema
a way to follow a flow.
"""

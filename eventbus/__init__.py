"""The contract of Salesforce's Pub/Sub API, all that a client and a server of it have in common.

`pubsub_api.proto` states it in protocol buffers; `make eventbus` writes `pubsub_api_pb2` from it.
"""

"""What the two systems agreed on, and what is done when they no longer do.

Pure: frames of records go in, what is written to which side comes out. An event, a poll or a request only
says that a record may have changed; everything here is decided from the present state of both sides and from
what was last agreed, so notices that are lost, doubled, late or out of order do no harm.
"""

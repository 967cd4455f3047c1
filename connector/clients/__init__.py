"""The two systems at the other end of the wire, behind the ports of `connector.sync`."""

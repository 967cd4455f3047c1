"""The verbs, one a file, named as the stages are. They reach the systems only through `ports`."""

"""Events: what was changed, by whom, in which request; the record, its writes and its reads."""

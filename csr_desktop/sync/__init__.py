"""The desk's side of sync: the replica that runs commands, the transport, the engine that pushes and pulls. No Qt."""

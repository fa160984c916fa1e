"""What desk and server of earlier versions said to each other, as files, and the proof that it still means the same."""

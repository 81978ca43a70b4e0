"""What a worker does with one submission, and how submissions get to workers."""

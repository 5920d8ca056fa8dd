"""What connects the client with other libraries, one module for each; each needs its own extra."""

"""What `ideogram generate` is made of: its input, its output, the run between them, and the report."""

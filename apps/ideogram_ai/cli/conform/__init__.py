"""What `ideogram conform` does around the conformance kit: options, progress, and how it ended."""

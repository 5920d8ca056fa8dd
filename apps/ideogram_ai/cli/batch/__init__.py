"""What `ideogram batch` does around the batch itself: options, questions, progress, and how it ended."""

"""What is true without a question: documents read, cut into chunks, embedded, stored and searched."""

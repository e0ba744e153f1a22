"""Measures an assistant: reads questions, runs and scores them, compares runs, drafts questions, tunes."""

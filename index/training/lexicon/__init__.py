"""The recipe of the lexicons: what words are called in another language."""

"""How what ``index/models`` holds was made; nothing here is needed to use it."""

"""
TOML files to frozen specs. Every mistake is one line that names the file, the key, and what to write instead.
"""

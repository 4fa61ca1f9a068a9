"""What a user asks for, one module for each. Explicit values in, values out; nothing here prints."""

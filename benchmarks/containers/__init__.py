"""The product in containers, beside `reactor run` on the same machine and in the same run."""

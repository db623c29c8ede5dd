"""Decode image files to pixels, the same way for all readers; see versions.DECODING_VERSION."""

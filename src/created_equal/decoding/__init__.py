"""From image files to pixels, alike for all readers; see versions.DECODING_VERSION."""

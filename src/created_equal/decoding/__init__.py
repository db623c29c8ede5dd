"""From image files to pixels, alike for whoever reads them; an edit here makes other pixels."""

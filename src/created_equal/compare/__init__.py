"""An ensemble's accessibility beside that of another ensemble, or beside a published score."""

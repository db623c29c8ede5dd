"""In which order do networks learn, and do they all learn the same?"""

__version__ = "0.1.0"

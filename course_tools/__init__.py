"""The command ``course``: everything that is done with the course as a whole."""

"""Fuzz targets for every parser of bytes from outside, and the engines that drive them. See CONTRIBUTING."""

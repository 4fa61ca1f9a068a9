"""The story that `pycosign demo` tells: a real image, signed, logged, verified, tampered with and refused."""

"""The library for programs: what `import pycosign` offers. A thin face over the flows; it decides nothing itself."""

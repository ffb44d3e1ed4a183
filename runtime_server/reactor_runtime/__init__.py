"""What model authors import, and the process on 8081 that runs their model."""

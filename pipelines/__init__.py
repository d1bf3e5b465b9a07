"""When things happen and who may ask for them: definitions, jobs and the command line."""

"""When things happen and who may ask for them: definitions, the job with its schedule and sensors, records of runs, the command line.

Here all is put together over real paths. Not here: what a run makes (`assets`).
"""

"""What both engines must agree on. Here and nowhere else Spark is started; without pyspark these tests are skipped and say so."""

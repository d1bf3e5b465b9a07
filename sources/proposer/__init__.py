"""A first layout for a file nobody knows yet, for a person to correct.

Belongs here: finding the table in the file (`sample`), judging what stands in its columns (`values`) and how they are called
(`names`), choosing extract and columns (`choose`), saying it as a layout with how sure it is (`layout_yaml`,
`file_name`, `yaml_text`), and trying that on the file (`trial`). Does not belong here:
reading a file by a layout. What cannot be known is left open with a comment; no code is ever invented.
"""

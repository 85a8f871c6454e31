"""Files that people have -> records that the product keeps: CSV and XLSX, checked line by line, taken whole or not.

`csv_tables`, `xlsx_tables` and `tables` read a file into rows of text, `columns` knows what a header means, `cells`
what a cell says. `records` holds the rules of the directory's records, once for files and for bodies of HTTP, and
`directory_files` takes whole files in. `carousel_files`, `carousel_merge` and `carousel_export` do the same for the
carousel. What is wrong is a `Problem`: where it is, what it is, what to do.
"""

"""The recipe of the shipped reader, as software: prepare → train → export → evaluate. A program of its own.

``python -m rag.training --settings FILE --data FOLDER --out FOLDER`` runs it, on a CPU or a GPU, and goes on
where it was after a kill. Nothing that answers questions imports it.
"""

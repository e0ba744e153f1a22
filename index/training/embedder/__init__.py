"""The recipe of the shipped embedder, as software: vocabulary → rows → alignment → mixture → export → evaluate.

``python -m index.training.embedder --settings FILE --data FOLDER --out FOLDER`` runs it, on a CPU or a GPU,
and goes on where it was after a kill. Nothing that answers questions imports it.
"""

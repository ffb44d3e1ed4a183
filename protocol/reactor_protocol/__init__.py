"""Every message between Reactor Local's processes and their clients, as typed models.

One module per border: `frontend` (front end <-> coordinator), `runtime` (coordinator <-> runtime server),
`application` (model <-> front end), `capabilities`, `manifest`; `logs`: how the processes write them. Imported by all
packages; imports none of them.
"""

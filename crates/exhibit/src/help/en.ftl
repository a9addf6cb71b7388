nav = Guides
nav-short = Guides
lead = Stamping, verifying and keeping, and honest answers to common questions.
contents = Contents
others = Other guides
api = API reference
api-note = Every operation of this node with its fields, an example and its refusals, for who writes programs.

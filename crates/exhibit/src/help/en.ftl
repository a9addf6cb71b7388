nav = Guides
nav-short = Guides
lead = Stamping, verifying and keeping, and honest answers to common questions.
contents = Contents
others = Other guides

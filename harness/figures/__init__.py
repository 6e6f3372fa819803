"""
Figures: what a run looks like, drawn from its model alone. The report and the live pages show the same ones.

Every figure is a plotly figure without width, for its page to fit, and the same for the same run.
"""

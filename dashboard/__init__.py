"""Streamlit over core: charts, controls and the pieces that pages are made of."""

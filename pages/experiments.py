"""Which settings are best, how long a window, and what does each part of a model do?"""

from __future__ import annotations

import streamlit as st

from dashboard import link, study, study_list, study_setup

st.title("Experiments")
asked = study_setup.sidebar()
notices = st.container()
if asked.study is not None:
    study.draw(asked.study)
else:
    study_setup.new(asked)
    study_list.draw()
with notices:
    # Of a new study's settings nothing is said beside a stored one.
    link.notices(None if asked.study is None else [study_setup.STUDY])

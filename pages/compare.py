"""Which model should we run, and is it better by more than luck?"""

from __future__ import annotations

import streamlit as st

from core import peers
from core.errors import FusionscopeError
from dashboard import compare_bench, compare_choice, compare_mend, link
from dashboard.notices import explain

heading = st.container(horizontal=True, vertical_alignment="center")
with heading:
    st.title("Compare")
found = compare_choice.sidebar()
link.notices(but=compare_bench.LINKED)
if not found:
    compare_bench.nothing_yet()
else:
    try:
        mismatch = peers.mismatch(peers.comparable(found))
    except FusionscopeError as error:
        explain(error)
    else:
        if mismatch is None:
            compare_bench.draw(found, heading)
        else:
            compare_mend.draw(mismatch, found)

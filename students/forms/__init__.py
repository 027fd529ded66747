"""What people type about students and their records."""

from students.forms.columns import ColumnsForm
from students.forms.interventions import InterventionForm
from students.forms.uploads import UploadForm

__all__ = ["ColumnsForm", "InterventionForm", "UploadForm"]

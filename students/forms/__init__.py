"""What people type about students and their records."""

from students.forms.answers import AnswersForm
from students.forms.columns import ColumnsForm
from students.forms.help import AttendanceGoalForm, HelpEndForm, HelpPlanForm, ProgressForm
from students.forms.interventions import InterventionForm
from students.forms.outcomes import OutcomeForm
from students.forms.uploads import UploadForm

__all__ = [
    "AnswersForm",
    "AttendanceGoalForm",
    "ColumnsForm",
    "HelpEndForm",
    "HelpPlanForm",
    "InterventionForm",
    "OutcomeForm",
    "ProgressForm",
    "UploadForm",
]

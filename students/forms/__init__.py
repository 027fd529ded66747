"""What people type about students and their records."""

from students.forms.answers import AnswersForm
from students.forms.columns import ColumnsForm
from students.forms.help import AttendanceGoalForm, HelpEndForm, HelpPlanForm, ProgressForm
from students.forms.interventions import InterventionForm
from students.forms.outcomes import ManyOutcomesForm, OutcomeFileForm, OutcomeForm
from students.forms.uploads import UploadForm

__all__ = [
    "AnswersForm",
    "AttendanceGoalForm",
    "ColumnsForm",
    "HelpEndForm",
    "HelpPlanForm",
    "InterventionForm",
    "ManyOutcomesForm",
    "OutcomeFileForm",
    "OutcomeForm",
    "ProgressForm",
    "UploadForm",
]

"""What people type about students and their records."""

from students.forms.answers import AnswersForm
from students.forms.columns import ColumnsForm
from students.forms.help import AttendanceGoalForm, HelpEndForm, HelpPlanForm, ProgressForm
from students.forms.interventions import InterventionForm
from students.forms.line_files import LineFileForm
from students.forms.outcomes import ManyOutcomesForm, OutcomeForm
from students.forms.uploads import UploadForm

__all__ = [
    "AnswersForm",
    "AttendanceGoalForm",
    "ColumnsForm",
    "HelpEndForm",
    "HelpPlanForm",
    "InterventionForm",
    "LineFileForm",
    "ManyOutcomesForm",
    "OutcomeForm",
    "ProgressForm",
    "UploadForm",
]

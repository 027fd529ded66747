import time
import pytest
from tests import district_in_database as d
from accounts import scope
from modeling.models import ModelVersion
from predictions.models import *
from monitoring.models import *


@pytest.fixture(scope="session", autouse=True)
def timed():
    import modeling.training as t, students.district as sd, predictions.scoring_run as sr, monitoring.drift_report as dr

    mp = pytest.MonkeyPatch()

    def wrap(m, n):
        f = getattr(m, n)

        def g(*a, **k):
            t0 = time.time()
            try:
                return f(*a, **k)
            finally:
                print("TIME", m.__name__, n, time.time() - t0)

        mp.setattr(m, n, g)

    for m, n in (
        (t, "fit"),
        (t, "try_out"),
        (t, "_prepare"),
        (t, "_register"),
        (t, "train_model"),
        (sd, "store"),
        (sr, "score_students"),
        (dr, "compare_all"),
    ):
        wrap(m, n)
    yield


def test_it(district, db):
    i = d.Institution.objects.get(slug="riverside")
    with scope.entered(scope.of_institution(i)):
        v = ModelVersion.objects.get()
        print(v.metrics, v.dataset.n_rows, v.dataset.n_positive, v.dataset.snapshot_dates)
        for r in ScoringRun.objects.order_by("as_of"):
            print(r.as_of, r.n_scored, r.n_insufficient, r.review_first_from, r.check_in_from)
        for r in FeatureDrift.objects.all()[:60]:
            print(r.feature, r.psi, r.level, r.n_students)
        for r in CurrentRisk.objects.order_by("rank")[:8]:
            print(r.search_name, r.risk, r.rank, r.school_id, r.tier, r.is_new)
        from accounts.models import Institution

        print(Institution.objects.values())

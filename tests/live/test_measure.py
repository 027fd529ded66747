import time
from tests.flat_cohort import write_flat_cohort
from tests.live_stack import wait_until, ROOT


def test_all(live, tmp_path):
    t = time.time()

    def lap(w):
        nonlocal t
        print(w, round(time.time() - t, 1))
        t = time.time()

    i = live.institution("measure")
    lap("institution")
    v = live.visitor(i["ines"])
    lap("login")
    for n in (400,):
        p = tmp_path / "c.csv"
        write_flat_cohort(p, n=n, seed=1)
        print()
        with p.open("rb") as f:
            a = v.post("/records/", file=f, schema="uci_697")
        print(a.status, a.url)
        lap("upload")
        j = live.sql("select max(id) as id from jobs_job")[0]["id"]
        print(live.ended(j))
        lap("import")
        print(v.get(a.url.removeprefix(live.url)).words[-900:])
    m = live.visitor(i["mika"])
    a = m.post("/model/train")
    print(a.status, a.url)
    lap("train asked")
    j = live.sql("select max(id) as id from jobs_job")[0]["id"]
    print(live.ended(j, seconds=200))
    lap("train")
    a = m.post("/lists/new")
    print(a.status, a.url)
    j = live.sql("select max(id) as id from jobs_job")[0]["id"]
    print(live.ended(j, seconds=200))
    lap("score")
    a = m.post("/lists/new")
    print(a.status, a.url)
    lap("")
    c = live.visitor(i["amara"])
    print(c.get("/students/").words[:1500])
    lap("list")
    print(live.tail("heavy"))
    print(live.tail("worker"))

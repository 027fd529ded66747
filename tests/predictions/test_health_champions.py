"""What the probe says of models: how many institutions have one; a missing one fails nothing."""


def test_ready_reports_champions_and_does_not_fail_without_one(client, riverside, lakeside, elsewhere):
    response = client.get("/health/ready")

    assert response.status_code == 200
    assert response.json()["champions"] == {"institutions": 3, "with_champion": 2}

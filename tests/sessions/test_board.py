"""The board: who is there, by word of their own process, until it falls silent."""

from sessions.presence.board import Board
from sessions.sockets.admission import Participant


def person(session: str, id: int = 1, role: str = "editor") -> Participant:
    return Participant(session, id, "Alice", "#0f766e", role)


def sessions(board: Board) -> set[str]:
    return {present.person.session for present in board}


def test_persons_are_counted_once_however_many_sockets_they_have() -> None:
    board = Board()
    board.put(person("s1"))
    board.put(person("s2"))
    board.put(person("s3", id=2))
    assert (len(board), board.persons) == (3, 2)
    board.remove("s1")
    assert board.has_person(1)
    board.remove("s2")
    board.remove("s2")
    assert not board.has_person(1)
    assert board.persons == 1


def test_only_the_last_word_on_each_session_is_told() -> None:
    board = Board()
    board.put(person("s1"))
    board.put(person("s1", role="viewer"))
    board.put(person("s2"))
    board.remove("s2")
    told = {change.session: change.entry for change in board.take_changes()}
    assert b'"viewer"' in (told["s1"] or b"")
    assert told["s2"] is None
    assert board.take_changes() == []


def test_who_came_and_went_between_two_frames_is_news_to_nobody_but_who_met_them() -> None:
    board = Board()
    board.put(person("s1"))
    board.take_changes()
    known = board.number
    board.put(person("s2"))
    met = board.number
    board.remove("s2")
    (change,) = board.take_changes()
    assert not change.concerns(known)
    assert change.concerns(met)
    assert not change.concerns(board.number)


def test_movements_are_joined_and_only_what_changed_is_told() -> None:
    board = Board()
    board.put(person("s1"))
    board.update("s1", {"cursor": [1, 1], "selection": ["a"]})
    board.update("s1", {"cursor": [2, 2]})
    assert board.take_states() == {"s1": {"cursor": [2, 2], "selection": ["a"]}}
    board.update("s1", {"cursor": [2, 2]})
    assert board.take_states() == {}
    board.update("s1", {"cursor": None})
    assert board.take_states() == {"s1": {"cursor": None}}
    board.update("unknown", {"cursor": [1, 1]})
    assert not board.take_states()


def test_a_process_is_believed_about_its_own_people_only() -> None:
    board = Board()
    board.put(person("ours"))
    board.receive("p1", [(person("theirs", id=2), {})], 0.0, whole=True)
    board.receive("p2", [(person("ours", role="owner"), {}), (person("theirs", id=9), {})], 0.0, whole=True)
    board.remove_remote("p2", ["ours", "theirs"])
    board.receive_states("p2", {"theirs": {"cursor": [1, 1]}}, 0.0)
    assert {present.person.session: present.person.id for present in board} == {"ours": 1, "theirs": 2}
    assert board.take_states() == {}


def test_who_is_missing_from_a_whole_announcement_is_gone() -> None:
    board = Board()
    board.receive("p1", [(person("s1"), {}), (person("s2"), {})], 0.0, whole=True)
    board.receive("p1", [(person("s3"), {})], 1.0, whole=False)
    assert sessions(board) == {"s1", "s2", "s3"}
    board.receive("p1", [(person("s2"), {})], 2.0, whole=True)
    assert sessions(board) == {"s2"}


def test_a_silent_process_is_forgotten_and_ours_never() -> None:
    board = Board()
    board.put(person("ours"))
    board.receive("p1", [(person("theirs"), {})], 0.0, whole=True)
    board.forget_silent(30.0, 30.0)
    assert sessions(board) == {"ours", "theirs"}
    board.forget_silent(30.1, 30.0)
    assert sessions(board) == {"ours"}


def test_states_keep_a_process_alive() -> None:
    board = Board()
    board.receive("p1", [(person("s1"), {"status": "active"})], 0.0, whole=True)
    board.receive_states("p1", {"s1": {"status": "idle"}}, 20.0)
    board.forget_silent(40.0, 30.0)
    assert sessions(board) == {"s1"}

//! The reference solver against closed forms and published numbers.

mod support;

use support::games::*;
use support::reference::*;

const MESH: Mesh = Mesh { cells: 4096, tolerance: 1e-9 };

#[test]
fn probe() {
    for sel in [Selection::Optimistic, Selection::Pessimistic] {
        let mut i = Infection::shipped(InfectionLeader::PerRepair);
        i.horizon = 5; i.prices = grid(0.0, 0.4, 5);
        let mut p = i.clone(); p.leader = InfectionLeader::PerPeriod;
        let mut te = Technology::shipped(); te.horizon = 5; te.prices = grid(-2.0, 4.0, 5);
        for (name, g) in [("infection", i.game()), ("printed", p.game()), ("technology", te.game())] {
            let s = std::time::Instant::now();
            let r = Reference::solve(&g, sel, MESH);
            println!("{name} {sel:?} {:?} {:?}", s.elapsed(), r.sizes());
            for m in [0.0537, 0.1234, 0.3137, 0.5341, 0.7713, 0.9291] {
                let s = std::time::Instant::now();
                let v = r.value(1, m);
                let e = r.value_by_recursion(1, m);
                println!("{m} {:?} diff {:e} in {:?}", v, v.distance(&e), s.elapsed());
            }
        }
    }
}
